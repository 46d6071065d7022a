"""Requests of the Open Inference Protocol: reading tensors and JSON, refusing what is wrong, writing answers."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn

import numpy as np

from ..inference.graph import OUTPUTS, InputError, check_inputs
from ..schema import Input, Schema

__all__ = [
    "DATATYPE",
    "FLOAT",
    "HEADER_LENGTH",
    "Inference",
    "RequestError",
    "read_inference",
    "read_tensor",
    "write_answer",
]


class RequestError(Exception):
    """A request that the server refuses: `status` is the HTTP status, the message goes into the error body."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


DATATYPE, FLOAT = "FP32", np.dtype("<f4")  # the protocol's name of the type, and NumPy's


def read_tensor(item: Mapping[str, Any], expected: Input, raw: bytes | None) -> np.ndarray:
    """The array of one entry of a request's `inputs`, (row, slot, feature), in as many slots as the schema has.

    `raw` holds the numbers where the entry has no `data`. Raises RequestError naming the input and what is wrong.
    """
    shape = _shape(item, expected)
    if item.get("datatype") != DATATYPE:
        _refuse_tensor(expected, f"has the datatype {item.get('datatype')!r}, the model takes {DATATYPE!r}")
    _check_features(item, expected)
    array = _from_list(item.get("data"), shape, expected) if raw is None else _from_bytes(raw, shape, expected)
    missing = expected.slots - shape[1]
    return np.pad(array, ((0, 0), (0, missing), (0, 0))) if missing else array


def _shape(item: Mapping[str, Any], expected: Input) -> tuple[int, ...]:
    shape = item.get("shape")
    if not isinstance(shape, list) or not all(type(length) is int and length > 0 for length in shape):
        _refuse_tensor(expected, f"has the shape {shape!r}, not a list of positive whole numbers")
    features = len(expected.features)
    if len(shape) != 3 or shape[1] > expected.slots or shape[2] != features:
        _refuse_tensor(expected, f"has the shape {shape}, the model takes [rows, up to {expected.slots}, {features}]")
    return tuple(shape)


def _check_features(item: Mapping[str, Any], expected: Input) -> None:
    """Compare the names of the features, if the client says which it sends: `parameters.features`, with commas."""
    parameters = item.get("parameters")
    named = parameters.get("features") if isinstance(parameters, dict) else None
    wanted = ",".join(expected.feature_names)
    if named not in (None, wanted):
        _refuse_tensor(expected, f"has the features {named!r}, the model takes {wanted!r}")


def _from_bytes(raw: bytes, shape: tuple[int, ...], expected: Input) -> np.ndarray:
    size = prod(shape) * FLOAT.itemsize
    if len(raw) != size:
        _refuse_tensor(expected, f"has {len(raw)} bytes of data, its shape {list(shape)} needs {size}")
    return np.frombuffer(raw, FLOAT).reshape(shape)


def _from_list(data: Any, shape: tuple[int, ...], expected: Input) -> np.ndarray:
    if not isinstance(data, list):
        _refuse_tensor(expected, "has neither data, a list of numbers, nor parameters.binary_data_size")
    try:
        array = np.asarray(data)
    except (ValueError, OverflowError, RecursionError):  # rows of different lengths, or nested without end
        array = np.empty(0, object)
    if array.dtype.kind not in "iuf":
        _refuse_tensor(expected, "has data that are not numbers, or rows of different lengths")
    if array.shape not in (shape, (prod(shape),)):
        _refuse_tensor(
            expected, f"has data nested as {list(array.shape)}, not its shape {list(shape)} or one flat list"
        )
    return array.reshape(shape)


def _refuse_tensor(expected: Input, problem: str) -> NoReturn:
    message = f"input {expected.name!r} {problem}"
    raise RequestError(400, message)


HEADER_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Inference:
    """A request: arrays by the name of their input, float32 (row, slot, feature), and how the answer should look.

    `outputs` are the names that the client wants, each with whether its numbers are sent as bytes.
    """

    inputs: dict[str, np.ndarray]
    outputs: dict[str, bool]
    identifier: str | None

    @property
    def rows(self) -> int:
        """How many rows every input has."""
        return len(next(iter(self.inputs.values())))


def read_inference(body: bytes, header_length: str | None, schema: Schema, most_rows: int) -> Inference:
    """Check a request. Raises RequestError saying what is wrong with it; 413 for too many rows."""
    text, raw = _parts(body, header_length)
    content = _content(text)
    inputs = _inputs(content, raw, schema)
    rows = len(next(iter(inputs.values())))
    if rows > most_rows:
        message = f"the request has {rows} rows, more than the {most_rows} that one request may have; send fewer"
        raise RequestError(413, message)
    identifier = content.get("id")
    if not isinstance(identifier, str | None):
        _refuse("the id is not a text")
    return Inference(inputs, _outputs(content), identifier)


def write_answer(
    request: Inference, outputs: Mapping[str, np.ndarray], about: Mapping[str, str]
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the answer; `about` has `model_name` and `model_version`."""
    entries, raw = [], []
    for name, binary in request.outputs.items():
        array = np.ascontiguousarray(outputs[name], FLOAT)
        entry: dict[str, Any] = {"name": name, "datatype": DATATYPE, "shape": list(array.shape)}
        if binary:
            raw.append(array.tobytes())
            entries.append(entry | {"parameters": {"binary_data_size": array.nbytes}})
        else:
            entries.append(entry | {"data": array.ravel().tolist()})
    named = {} if request.identifier is None else {"id": request.identifier}
    text = json.dumps({**about, **named, "outputs": entries}, allow_nan=False).encode()
    if not raw:
        return text, {"Content-Type": "application/json"}
    return b"".join([text, *raw]), {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(text))}


def _parts(body: bytes, header_length: str | None) -> tuple[bytes, bytes]:
    """The JSON and what comes behind it."""
    if header_length is None:
        return body, b""
    if not (header_length.isascii() and header_length.isdigit()) or int(header_length[:20]) > len(body):
        _refuse(f"{HEADER_LENGTH} is {header_length[:40]!r}, the body has {len(body)} bytes")
    return body[: int(header_length)], body[int(header_length) :]


def _content(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        _refuse("the body is nested too deeply")
    except ValueError as error:
        _refuse(f"the body is not JSON: {error}")
    if not isinstance(content, dict):
        _refuse("the body is not a JSON object")
    return content


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no number there"
    raise ValueError(message)


def _inputs(content: Mapping[str, Any], raw: bytes, schema: Schema) -> dict[str, np.ndarray]:
    expected = {item.name: item for item in schema.inputs}
    arrays, start = {}, 0
    for name, entry in _entries(content, "inputs", expected).items():
        size = _parameter(entry, "binary_data_size")
        if size is not None and (type(size) is not int or not 0 <= size <= len(raw) - start or "data" in entry):
            _refuse(f"input {name!r} announces {size!r} bytes of data, which are not behind the JSON, or data twice")
        part = None if size is None else raw[start : start + size]
        start += size or 0
        arrays[name] = read_tensor(entry, expected[name], part)
    if start != len(raw):
        _refuse(f"{len(raw) - start} bytes behind the JSON belong to no input")
    try:
        return check_inputs(arrays, schema)
    except InputError as error:
        raise RequestError(400, str(error)) from error


def _outputs(content: Mapping[str, Any]) -> dict[str, bool]:
    binary = _parameter(content, "binary_data_output") is True
    if "outputs" not in content:
        return dict.fromkeys(OUTPUTS, binary)
    entries = _entries(content, "outputs", OUTPUTS)
    wishes = {name: _parameter(entry, "binary_data") for name, entry in entries.items()}
    return {name: binary if wish is None else wish is True for name, wish in wishes.items()}


def _entries(content: Mapping[str, Any], key: str, known: Collection[str]) -> dict[str, dict[str, Any]]:
    """The objects of a list by their names, each of which must be known and come once."""
    items = content.get(key)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        _refuse(f"{key!r} is not a list of objects, each with a name")
    names = [item.get("name") for item in items]
    for name in names:
        if not isinstance(name, str) or name not in known:
            _refuse(f"{key}: there is no {str(name)[:100]!r} but {', '.join(known)}")
    if len(set(names)) < len(names):
        _refuse(f"{key}: a name comes twice in {names}")
    return {item["name"]: item for item in items}


def _parameter(entry: Mapping[str, Any], name: str) -> Any:
    parameters = entry.get("parameters")
    return parameters.get(name) if isinstance(parameters, dict) else None


def _refuse(message: str) -> NoReturn:
    raise RequestError(400, message)
