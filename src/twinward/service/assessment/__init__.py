"""Use cases of the five functions, past incidents and questions to the library."""
