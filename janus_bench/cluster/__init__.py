"""A run that several processes or machines ask together: their shards merged, and Dask to start them."""
