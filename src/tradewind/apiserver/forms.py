"""The form in which an object travels: as it is, as a row of a table, or its metadata alone. Pure."""

from tradewind.apiserver.bodies import PARTIAL, TABLE, Form
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.options import Query
from tradewind.apiserver.responses import manifest_of, object_bytes
from tradewind.apiserver.tables import INCLUDES, METADATA, partial, table
from tradewind.apiserver.urls import Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request
from tradewind.store.entries import Entry


def object_in(
    form: Form, target: Target, entry: Entry, now_ms: int, include: str, *, headers: bool = True
) -> bytes:
    """One object; as a table of one row if that is the form, with the columns' definitions if `headers`."""
    if not form.kind:
        return object_bytes(target, entry)
    manifest = manifest_of(target, entry)
    if form.kind == PARTIAL:
        return encode_json(partial(manifest, form.api_version))
    metadata = {"resourceVersion": manifest["metadata"].get("resourceVersion", "")}
    return encode_json(
        table(
            target.kind,
            [manifest],
            now_ms,
            metadata=metadata,
            include=include,
            headers=headers,
            version=form.version,
        )
    )


def bookmark_in(form: Form, target: Target, metadata: Manifest) -> bytes:
    """An object that has only `metadata`, in the form of the others in its watch."""
    if form.kind == TABLE:
        shown = table(target.kind, [], 0, metadata=metadata, headers=False, version=form.version)
        return encode_json(shown)
    if form.kind == PARTIAL:
        return encode_json(partial({"metadata": metadata}, form.api_version))
    return encode_json({"kind": target.kind.name, "apiVersion": target.api_version, "metadata": metadata})


def include_object(query: Query) -> str:
    """How much of each object a table has."""
    include = query.get("includeObject") or METADATA
    if include not in INCLUDES:
        raise bad_request(f'includeObject is "{include}"; must be one of {", ".join(INCLUDES)}')
    return include
