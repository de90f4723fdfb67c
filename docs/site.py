"""The pages of the site that are made from the code: MkDocs calls this while it builds."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from integration_monitor.cli.reference_page import reference_page as command_line
from integration_monitor.manifest.reference_page import reference_page as keys
from integration_monitor.manifest.schema import json_schema, monitor_json_schema


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the references; the manifests' from their models, the command line's from itself."""
    pages = {
        "manifest.md": keys(json_schema(), "The manifest"),
        "monitor.md": keys(monitor_json_schema(), "monitor.yaml"),
        "cli.md": command_line("The command line"),
    }
    for name, text in pages.items():
        files.append(File.generated(config, f"reference/{name}", content=text))
    return files
