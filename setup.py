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
    description="Decoders of movement from spikes, trained and measured with NeuroBench's metrics",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="nbsuite contributors",
    license_expression="MIT",
    license_files=["LICENSE"],
    keywords=["brain-computer interface", "spiking neural networks", "NeuroBench", "snnTorch"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Console",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Medical Science Apps.",
        "Typing :: Typed",
    ],
    packages=PACKAGES,
    package_dir=FOLDERS,
    package_data={
        "nbsuite": ["py.typed"],
        "nbsuite.submissions": ["schemas/*.json", "published/*.json", "templates/*"],
    },
    include_package_data=False,  # the wheel holds what is listed here, whatever MANIFEST.in adds
    python_requires=">=3.10",
    # The lower bounds are those of constraints-lowest.txt, which `tox -e lowest` tests.
    install_requires=[
        "click>=8.2.1",  # earlier: no completion of arguments that may be left out
        "filelock>=3.12",
        "h5py>=3.8",
        "jinja2>=3.1",
        "jsonschema>=4.18",
        "markupsafe>=2.1",
        "matplotlib>=3.7",
        "msgspec>=0.19",
        "neurobench>=2.3.0",  # what is said of the loader and the metrics is said of this version
        "numba>=0.59",  # earlier: compiling the kernel takes minutes and gigabytes
        "numpy>=1.24.3",  # NeuroBench's own bound
        "platformdirs>=3.0",
        "requests>=2.31",
        "rich>=13.0",
        "safetensors>=0.4.3",
        "scipy>=1.10",
        "snntorch>=0.9.4",  # earlier: Synaptic(reset_mechanism="none") diverges
        "tomli>=2.0; python_version < '3.11'",  # in the standard library since 3.11
        "torch>=2.10",  # earlier: a crafted file can harm even with weights_only (CVE-2026-24747)
    ],
    extras_require={
        # pytest before 8.4 does not find the modules that tests share (--import-mode=importlib).
        "test": [
            "beartype>=0.20",
            "cryptography>=44.0.1",
            "distributed>=2024.8",
            "hypothesis>=6.85",
            "jaxtyping>=0.3",
            "pytest>=8.4",
            "pytest-xdist>=3.7",
            "scikit-learn>=1.3",
        ],
        "gpu": ["triton>=3.6; sys_platform == 'linux'"],  # the one that torch 2.10 brings along
        # cryptography makes the certificates by which Dask's processes know each other; earlier
        # ones bring an OpenSSL with a hole (CVE-2024-12797).
        "sweep": ["cryptography>=44.0.1", "distributed>=2024.8"],
        "tensorboard": ["tensorboard>=2.14"],
        "lint": ["jaxtyping>=0.3", "mypy>=1.15", "ruff>=0.12", "scipy-stubs", "types-requests"],
    },
    entry_points={"console_scripts": ["nbsuite = nbsuite.__main__:main"]},
)
