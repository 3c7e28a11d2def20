"""What every route shares: responses, authentication, middleware, the console's files."""
