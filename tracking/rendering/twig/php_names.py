"""The class names that Twig's messages show for parts of the tree."""

from __future__ import annotations

from tracking.rendering.twig import nodes
from tracking.rendering.twig.nodes import Expr

_UNARY = {"not": "NotUnary", "-": "NegUnary", "+": "PosUnary"}
_BINARY = {
    "+": "Add",
    "-": "Sub",
    "~": "Concat",
    "*": "Mul",
    "/": "Div",
    "//": "FloorDiv",
    "%": "Mod",
    "**": "Power",
    "..": "Range",
    "==": "Equal",
    "!=": "NotEqual",
    "<": "Less",
    ">": "Greater",
    "<=": "LessEqual",
    ">=": "GreaterEqual",
    "<=>": "Spaceship",
    "===": "SameAs",
    "!==": "NotSameAs",
    "and": "And",
    "or": "Or",
    "xor": "Xor",
    "b-and": "BitwiseAnd",
    "b-or": "BitwiseOr",
    "b-xor": "BitwiseXor",
    "in": "In",
    "not in": "NotIn",
    "matches": "Matches",
    "starts with": "StartsWith",
    "ends with": "EndsWith",
    "has some": "HasSome",
    "has every": "HasEvery",
}
_CLASSES = {
    nodes.Const: "ConstantExpression",
    nodes.Name: "Variable\\ContextVariable",
    nodes.ArrayLiteral: "ArrayExpression",
    nodes.GetAttr: "GetAttrExpression",
    nodes.FilterCall: "FilterExpression",
    nodes.FunctionCall: "FunctionExpression",
    nodes.TestCall: "TestExpression",
    nodes.ArrowFunction: "ArrowFunctionExpression",
    nodes.BlockCall: "BlockReferenceExpression",
    nodes.ParentCall: "ParentExpression",
    nodes.MacroCall: "MacroReferenceExpression",
    nodes.Ternary: "Ternary\\ConditionalTernary",
    nodes.Elvis: "Binary\\ElvisBinary",
    nodes.Coalesce: "Binary\\NullCoalesceBinary",
    nodes.Spread: "Unary\\SpreadUnary",
    nodes.Empty: "EmptyExpression",
    nodes.Assign: "Binary\\SetBinary",
}


def class_of(expr: Expr) -> str:
    """The PHP class that Twig has for this expression."""
    if isinstance(expr, nodes.Unary):
        short = f"Unary\\{_UNARY[expr.operator]}"
    elif isinstance(expr, nodes.Binary):
        short = f"Binary\\{_BINARY[expr.operator]}Binary"
    else:
        short = _CLASSES.get(type(expr), "AbstractExpression")
    return f"Twig\\Node\\Expression\\{short}"
