"""Two kinds of import contract that import-linter lacks: what may be imported, and who may import."""

import sys

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck


class OnlyImports(Contract):
    """`packages` import nothing from outside but the standard library and `allowed`.

    `exceptions` are packages below them that may import `also` as well.
    """

    type_name = "only_imports"

    packages = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField())
    exceptions = fields.SetField(subfield=fields.StringField(), required=False)
    also = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports of the packages that are not allowed."""
        broken = [
            (module, imported)
            for module in sorted(graph.modules)
            if _is_in(module, self.packages)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if not _is_in(imported, self.packages)
            and imported.partition(".")[0] not in self._allowed_for(module)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that is not allowed."""
        _print(check)

    def _allowed_for(self, module: str) -> set[str]:
        names = set(sys.stdlib_module_names) | set(self.allowed)
        if _is_in(module, self.exceptions or ()):
            names |= set(self.also or ())
        return names


class OnlyImporters(Contract):
    """`externals` are imported by nothing but `importers` and what lies below them."""

    type_name = "only_importers"

    externals = fields.SetField(subfield=fields.StringField())
    importers = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the importers that are not allowed."""
        broken = [
            (importer, external)
            for external in sorted(self.externals)
            if external in graph.modules
            for importer in sorted(graph.find_modules_that_directly_import(external))
            if not _is_in(importer, self.importers)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that is not allowed."""
        _print(check)


def _is_in(module: str, packages: object) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)  # type: ignore[attr-defined]


def _print(check: ContractCheck) -> None:
    for importer, imported in check.metadata["broken"]:
        output.print_error(f"{importer} may not import {imported}")
