"""Studies that only this project has; each is a subcommand named in `project.STUDIES`."""
