"""The model into an archive: a DOI that its own files name, uploads that are verified, one record whatever happens."""
