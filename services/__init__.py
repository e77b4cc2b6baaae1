"""Five services that speak to one another only through facts."""
