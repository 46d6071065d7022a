"""Predictions on a remote worker that does not have this package, such as an endpoint of Globus Compute."""

__all__ = ["predict"]


def predict(model: str, sha256: str, inputs: dict[str, list[list[list[float]]]]) -> dict[str, list[list[float]]]:
    """Logits and probabilities, each (row, class), of rows by input, (row, slot, feature). Its source stands alone.

    model: address or path of an exported graph; sha256: its checksum, under which the worker keeps a copy.
    Raises ValueError for a graph with another checksum, and for numbers that are not finite.
    """
    import hashlib
    import os
    import urllib.request
    from pathlib import Path

    import numpy as np
    import onnxruntime

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "fair-models", f"{sha256}.onnx")
    if cache.is_file():
        content = cache.read_bytes()
    elif model.startswith(("https://", "http://")):
        with urllib.request.urlopen(model, timeout=60) as response:
            content = response.read()
    else:
        content = Path(model).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        message = f"{cache if cache.is_file() else model} has the SHA-256 {found}, expected {sha256}; it is not used"
        raise ValueError(message)
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_name(f"{cache.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(cache)
    arrays = {name: np.asarray(rows, dtype=np.float32) for name, rows in inputs.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            message = f"input {name!r} holds a number that is NaN, infinite, or too large for 32 bits"
            raise ValueError(message)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], arrays)
    return {"logits": logits.tolist(), "probabilities": probabilities.tolist()}
