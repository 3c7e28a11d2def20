"""Hot loops of the synthesis: households of a range of leaf areas, and who goes to which site."""
