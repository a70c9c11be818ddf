"""Mensajes de protobuf declarados en una tabla: solo los campos que el kit lee o escribe.

Los demás se saltan solos al descodificar. Cada tabla tiene su propio almacén de esquemas, así que no choca
con otro del mismo paquete que ya esté cargado.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

_Field = descriptor_pb2.FieldDescriptorProto
STRING, BYTES, BOOL = _Field.TYPE_STRING, _Field.TYPE_BYTES, _Field.TYPE_BOOL
INT64, INT32, UINT32 = _Field.TYPE_INT64, _Field.TYPE_INT32, _Field.TYPE_UINT32
TIME = f".{timestamp_pb2.Timestamp.DESCRIPTOR.full_name}"

#: Un campo: nombre, número, tipo (o el nombre de otro mensaje) y si se repite, o si es un diccionario cuyas
#: claves son textos.
FieldRow = tuple[str, int, int | str, bool | Literal["map"]]
Table = Mapping[str, tuple[FieldRow, ...]]


def message_classes(file_name: str, package: str, table: Table) -> dict[str, Any]:
    """Las clases de los mensajes de ``table``, por su nombre."""
    file = descriptor_pb2.FileDescriptorProto(
        name=file_name, package=package, syntax="proto3", dependency=[timestamp_pb2.DESCRIPTOR.name]
    )
    for name, rows in table.items():
        message = file.message_type.add(name=name)
        for row in rows:
            _add(message, f".{package}.{name}", package, row)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in table
    }


def _add(message: Any, full_name: str, package: str, row: FieldRow) -> None:
    name, number, kind, repeated = row
    label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    if repeated == "map":
        entry = "".join(part.capitalize() for part in name.split("_")) + "Entry"
        pair = message.nested_type.add(name=entry)
        pair.options.map_entry = True
        _add(pair, f"{full_name}.{entry}", package, ("key", 1, STRING, False))
        _add(pair, f"{full_name}.{entry}", package, ("value", 2, kind, False))
        kind = f"{full_name}.{entry}"
    if isinstance(kind, str):
        field.type = _Field.TYPE_MESSAGE
        field.type_name = kind if kind.startswith(".") else f".{package}.{kind}"
    else:
        field.type = kind
