"""Documents, tables, mail, pictures, sound and posts as claims that a person or a rule judges."""
