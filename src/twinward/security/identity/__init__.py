"""Who somebody is: accounts, sessions, sign-in."""
