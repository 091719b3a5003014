"""Whether clients can work out strategic merge patches from a kind's definitions. Pure."""

from tradewind.resources.kinds import Kind
from tradewind.resources.schema import Schema

_SCALARS = ("string", "integer", "number", "boolean", "int-or-string")
_NOT_WRITTEN = ("metadata", "status")


def describes_strategic_merge(kind: Kind, version: str) -> bool:
    """Only for Kubernetes' own kinds, and only where the shape of all that users write is known, and how its
    lists of objects merge.

    Clients follow every object down to its fields (apimachinery `PatchMetaFromOpenAPIV3`) and complain about
    one that they do not find. Without the media type they use what they know of the kind themselves.
    """
    fields = kind.schema_at(version).fields
    return kind.is_builtin and all(
        _is_known(schema) for name, schema in fields.items() if name not in _NOT_WRITTEN
    )


def _is_known(schema: Schema) -> bool:
    match schema.type:
        case "any":
            return False
        case "object":
            return all(map(_is_known, schema.fields.values()))
        case "map":
            return schema.items is not None and schema.items.type in _SCALARS
        case "list":
            return schema.items is not None and (
                schema.items.type in _SCALARS or (schema.keys is not None and _is_known(schema.items))
            )
    return True
