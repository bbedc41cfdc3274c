"""Packaging of nbsuite: the only packaging file (pyproject.toml holds the tools' settings)."""

import re
from pathlib import Path

from setuptools import find_packages, setup

# The four folders stand at the top level of the repository and install under one import
# name, so that no installed package is called "cli": each folder is mapped to its package.
FOLDERS = {
    "nbsuite": "nbsuite",
    "nbsuite.cli": "cli",
    "nbsuite.conversions": "conversions",
    "nbsuite.submissions": "submissions",
}

PACKAGES = [
    name
    for package, folder in FOLDERS.items()
    for name in (package, *(f"{package}.{sub}" for sub in find_packages(folder)))
]

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (ROOT / "nbsuite" / "__init__.py").read_text())[1]

setup(
    name="nbsuite",
    version=VERSION,
    packages=PACKAGES,
    package_dir=FOLDERS,
    python_requires=">=3.10",
    install_requires=[
        "click>=8.1",
        "filelock>=3.12",
        "h5py>=3.10",
        "jsonschema>=4.20",
        "matplotlib>=3.8",
        "neurobench>=2.3.0",
        "numba>=0.59",
        "numpy>=1.24.3",
        "platformdirs>=4.0",
        "requests>=2.31",
        "rich>=13.0",
        "safetensors>=0.4.3",
        "scipy>=1.11",
        "snntorch>=0.9.1",
        "tenacity>=8.2",
        "torch>=2.2",
    ],
    entry_points={"console_scripts": ["nbsuite = nbsuite.cli.main:main"]},
)
