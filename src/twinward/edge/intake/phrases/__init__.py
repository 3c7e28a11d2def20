"""Ways of saying what a claim may be about, one a line, by kind; `none` says nothing of now. What
is learnt from them is `weights.tsv`, written by `python -m twinward.edge.intake.training`.
"""
