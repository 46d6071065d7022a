"""A FAIR AI model: data, training, evaluation, export and report, one command each (`python -m <package> --help`)."""

PACKAGE = __name__
