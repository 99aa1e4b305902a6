"""Tables of vectors in other libraries, in the memory where the model has them."""

from __future__ import annotations

import numpy as np
import pytest

import sagebrush


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("of", ["items", "users"])
def test_numpy_sees_one_memory(mf: sagebrush.Run, of: str) -> None:
    one, other = mf.embeddings(of), mf.embeddings(of)
    assert address(one) == address(other) and not one.flags.owndata and not one.flags.writeable


def test_a_table_outlives_its_run(mf: sagebrush.Run) -> None:
    run = sagebrush.Run.open(mf.path)
    table = run.embeddings("items")
    expected = table.copy()
    del run
    np.testing.assert_array_equal(table, expected)


def test_dlpack_takes_no_copy(mf: sagebrush.Run) -> None:
    table = mf.embeddings("items")
    try:
        taken = np.from_dlpack(table)
    except BufferError as error:
        pytest.skip(f"this NumPy hands over no read-only memory by DLPack ({error}); NumPy 2.1 does")
    assert address(taken) == address(table) and not taken.flags.writeable


@pytest.mark.long
def test_torch_takes_no_copy(mf: sagebrush.Run) -> None:
    torch = pytest.importorskip("torch", reason="no torch here: pip install torch")
    table = mf.embeddings("items")
    with pytest.warns(UserWarning, match="not writable"):
        taken = torch.from_numpy(table)
    assert taken.data_ptr() == address(table)
    users = torch.asarray(np.array(mf.embeddings("users")))
    np.testing.assert_allclose((users @ taken.T).numpy(), mf.embeddings("users") @ table.T, rtol=1e-5, atol=1e-6)
