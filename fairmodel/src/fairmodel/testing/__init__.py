"""Help for the tests of projects: random rows of any schema, a local cluster, the contract of a project."""
