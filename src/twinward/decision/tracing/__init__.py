"""Who met whom, who was where: questions to the observation lake, each under a Scope."""
