"""What WebKit needs of our modules, held by parsing them."""

from pathlib import Path

import pytest
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

UI = Path(__file__).parents[2] / "mmdemo"
MODULES = sorted(UI.rglob("*.js"))
PARSER = Parser(Language(tree_sitter_javascript.language()))
FUNCTIONS = {
    "function_declaration", "function_expression", "arrow_function", "method_definition", "generator_function",
    "generator_function_declaration",
}  # fmt: skip


def waits(source):
    """The lines with an ``await`` (or a ``for await``) in no function: the module waits, and all who import it do."""
    found = []

    def visit(node: Node):
        if node.type in FUNCTIONS:
            return
        if node.type == "await":
            found.append(node.start_point.row + 1)
        for child in node.children:
            visit(child)

    tree = PARSER.parse(source.encode())
    assert not tree.root_node.has_error
    visit(tree.root_node)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_waits(path):
    assert waits(path.read_text(encoding="utf-8")) == [], "a top-level await: WebKit does not wake all who import it"


def test_a_module_that_waits_is_found():
    assert waits("const words = await fetch('x');\nfor await (const one of words) show(one);") == [1, 2]
    assert waits("if (a) { await b; }") == [1]
    assert waits("async function f() { await g; }\nconst h = async () => await `${await f()}`; // await") == []
