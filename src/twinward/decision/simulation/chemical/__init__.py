"""Chemical releases: Gaussian plume and puff, dense gas, toxic zones."""
