"""How the documentation is built. Title, version and authors come from `fair.toml`; a line added here comes last."""

from pathlib import Path

from fairmodel.documentation import project_settings

globals().update(project_settings(Path(__file__).parents[1]))
