"""THINK: snapshot in, proposal out; changes nothing; figures as data, never as pictures."""
