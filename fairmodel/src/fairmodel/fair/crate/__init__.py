"""Provenance: every step that makes files is an action in a Process Run Crate, the file ro-crate-metadata.json."""
