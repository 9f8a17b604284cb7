"""Manifests: bad rows are named and left out, splits are fair, pictures come out of IDX files."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from manifests import write, write_pictures

from mmdemo.data.manifest.manifest import (
    OUTLIER,
    load_image_cell,
    manifest_from_folders,
    read_inputs,
    read_manifest,
    write_manifest,
)
from mmdemo.messages import InputError


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path)


def test_every_kind_of_bad_row_is_named_with_its_line_and_the_rest_goes_on(tmp_path, pictures):
    (tmp_path / "a.wav").write_bytes(b"")
    path = write(
        tmp_path,
        "text,image,audio,label,split\n"  # line 1
        '"two\nlines",,,two,train\n'  # 2 and 3
        "three,,,,train\n"  # 4
        "four,,,four,somewhere\n"
        ",gone.png,,five,train\n"
        ",,gone.wav,five,train\n"
        ",,,six,train\n"
        "\n"  # an empty line is no row
        f"{'x' * 2001},,,seven,train\n"  # 10
        ",plain-idx3-ubyte#3,,eight,test\n"
        "nine,,,nine,train,too,many\n"
        ",packed-idx3-ubyte.gz#2,a.wav,ten,TEST\n"  # 13
        "one,,,one,val\n",
    )
    rows, problems = read_manifest(path)
    assert list(rows["line"]) == [2, 13, 14]
    assert list(rows["label"]) == ["two", "ten", "one"]
    assert list(rows["split"]) == ["train", "test", "validation"]
    assert rows["audio"][1] == str(tmp_path / "a.wav")
    assert [problem.line for problem in problems] == [4, 5, 6, 7, 8, 10, 11, 12]
    reasons = [problem.note.key for problem in problems]
    assert reasons == [
        *("manifest.no_label", "manifest.unknown_split", "manifest.missing_file", "manifest.missing_file"),
        *("manifest.no_input", "text.too_long", "manifest.no_picture", "manifest.cells"),
    ]
    assert str(problems[0]) == "line 4: The label is empty."


def test_labels_can_be_prescribed(tmp_path):
    path = write(tmp_path, "text,label\nja,yes\nnein,no\nhm,maybe\n")
    rows, problems = read_manifest(path, labels=["yes", "no"])
    assert list(rows["label"]) == ["yes", "no"]
    assert "maybe" in str(problems[0]) and problems[0].line == 4


def test_words_that_look_like_missing_values_stay_words(tmp_path):
    path = write(tmp_path, "Text, label\nNA,None\n nan ,null\n")
    rows, problems = read_manifest(path)
    assert not problems
    assert list(rows["text"]) == ["NA", " nan "]  # a text keeps its spaces: spans count them
    assert list(rows["label"]) == ["None", "null"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_byte_order_marks_of_spreadsheets(tmp_path, separator):
    path = tmp_path / "manifest.tsv"
    path.write_text(f"text{separator}label\r\nzwölf{separator}12\r\n", encoding="utf-8-sig")
    rows, problems = read_manifest(path)
    assert not problems and rows["text"][0] == "zwölf" and rows["label"][0] == "12"


def test_belief_must_be_marks_with_known_labels(tmp_path):
    path = tmp_path / "manifest.csv"
    cells = ['[[3, "a"], [5, null]]', '[[3, "c"]]', "[3]", "{", ""]
    pd.DataFrame({"text": "a or b", "label": ["a", "b", "a", "b", "a"], "belief": cells}).to_csv(path, index=False)
    rows, problems = read_manifest(path)
    assert list(rows["line"]) == [2, 6]
    assert {problem.note.key for problem in problems} == {"manifest.belief"}


def test_whole_files_that_are_no_manifest_are_refused_kindly(tmp_path):
    cases = {
        "manifest.no_file": tmp_path / "nowhere.csv",
        "manifest.no_input_column": write(tmp_path, "words,label\na,b\n", "1.csv"),
        "manifest.no_label_column": write(tmp_path, "text,image\na,\n", "2.csv"),
        "manifest.twice": write(tmp_path, "text,Text,label\na,b,c\n", "3.csv"),
        "manifest.unreadable": write(tmp_path, "text,label\na,b\n", "4.parquet"),
    }
    latin = tmp_path / "5.csv"
    latin.write_bytes("text,label\nfünf,5\n".encode("latin-1"))
    for key, path in (cases | {"manifest.encoding": latin}).items():
        with pytest.raises(InputError) as caught:
            read_manifest(path)
        assert caught.value.note.key == key


def test_a_table_without_rows_has_no_rows(tmp_path):
    rows, problems = read_manifest(write(tmp_path, "text,image,audio,label,split\n"))
    assert rows.empty and not problems and "line" in rows


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.tsv", "manifest.parquet"])
def test_what_is_written_is_read_back_from_anywhere(tmp_path, pictures, name, monkeypatch):
    (tmp_path / "a.wav").write_bytes(b"")
    rows = pd.DataFrame(
        {
            "text": ["a, b\n“c”", "", ""],
            "image": ["", str(tmp_path / "plain-idx3-ubyte#1"), ""],
            "audio": ["", "", str(tmp_path / "a.wav")],
            "label": ["x", "7", "y"],
            "split": ["train", "validation", "test"],
            "speaker": ["", "ann", "bob"],
        }
    )
    path = write_manifest(rows, tmp_path / "made" / name)
    assert str(tmp_path) not in path.read_bytes().decode("latin-1")  # paths are relative
    monkeypatch.chdir("/")
    back, problems = read_manifest(path)
    assert not problems
    pd.testing.assert_frame_equal(back.drop(columns="line"), rows, check_dtype=False)


def test_parquet_with_gaps_and_numbers(tmp_path):
    path = tmp_path / "manifest.parquet"
    pd.DataFrame({"text": ["seven", None, "eight"], "label": [7, np.nan, 8.0]}).to_parquet(path)
    rows, problems = read_manifest(path)
    assert list(rows["label"]) == ["7", "8"]
    assert [problem.line for problem in problems] == [2]


def test_inputs_are_checked_without_labels(tmp_path):
    rows, problems = read_inputs(write(tmp_path, "text,audio\nseven,\n,gone.wav\n"))
    assert len(rows) == 2
    assert [(problem.line, problem.note.key) for problem in problems] == [(3, "manifest.missing_file")]


def test_rows_without_a_split_get_the_same_fair_one_every_time(tmp_path):
    lines = "".join(f"word {k},{'ab'[k % 2]}\n" for k in range(200))
    path = write(tmp_path, "text,label\n" + lines)
    rows, _ = read_manifest(path)
    assert rows["split"].equals(read_manifest(path)[0]["split"])
    assert not rows["split"].equals(read_manifest(path, seed=1)[0]["split"])
    for label in "ab":
        assert Counter(rows["split"][rows["label"] == label]) == {"train": 80, "validation": 10, "test": 10}


def test_without_a_validation_split_a_tenth_of_training_is_it(tmp_path):
    lines = "".join(f"word {k},a,{'test' if k < 50 else 'train'}\n" for k in range(150))
    rows, _ = read_manifest(write(tmp_path, "text,label,split\n" + lines))
    assert Counter(rows["split"]) == {"train": 90, "validation": 10, "test": 50}
    assert (rows["split"][:50] == "test").all()


def test_pictures_of_idx_files(tmp_path, pictures):
    for name in ("plain-idx3-ubyte", "packed-idx3-ubyte.gz"):
        assert np.array_equal(load_image_cell(f"{tmp_path / name}#2"), pictures[2])
    with pytest.raises(InputError, match="has 3, counted from 0"):
        load_image_cell(f"{tmp_path / 'plain-idx3-ubyte'}#3")
    assert load_image_cell("some/photo.png") == "some/photo.png"
    named = tmp_path / "photo#1"
    named.write_bytes(b"")
    assert load_image_cell(str(named)) == str(named)


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"in {name}\n")


def test_folders_named_after_classes_become_a_manifest(tmp_path):
    make(tmp_path, "cat/1.png", "cat/deep/2.JPG", "cat/notes.md", "cat/.hidden.png", "dog/3.wav", "dog/4.txt", "5.png")
    rows = manifest_from_folders(tmp_path)
    assert Counter(rows["label"]) == {"cat": 2, "dog": 2}
    assert list(rows["text"]) == ["", "", "", "in dog/4.txt"]
    assert set(rows["split"]) == {""}
    back, problems = read_manifest(write_manifest(rows, tmp_path / "out" / "manifest.csv"))
    assert not problems and back["audio"][2] == str(tmp_path / "dog" / "3.wav")


def test_folders_named_after_splits_and_classes(tmp_path):
    make(tmp_path, "train/cat/1.png", "train/dog/2.png", "dev/cat/3.png", "test/dog/4.png")
    rows = manifest_from_folders(tmp_path)
    assert sorted(zip(rows["split"], rows["label"], strict=True)) == [
        *(("test", "dog"), ("train", "cat"), ("train", "dog"), ("validation", "cat")),
    ]


def test_folders_without_anything_in_them_are_refused(tmp_path):
    make(tmp_path, "cat/readme.md")
    with pytest.raises(InputError, match="holds no folders"):
        manifest_from_folders(tmp_path)


def test_the_label_of_no_class_is_no_class(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text(f"text,label,split\nyes,yes,train\nno,no,test\ntea,{OUTLIER},train\nrain,,train\n")
    rows, problems = read_manifest(path, labels=["yes", "no"])
    assert list(rows["label"]) == ["yes", "no", OUTLIER]
    assert [problem.line for problem in problems] == [5]


@pytest.mark.parametrize("cell", ["-", ".-.", "9-9", "0.5-0.1", "nan-1", "0.1 - 0.5", "-0.1-0.5", "1e-1-1", "0.5"])
def test_a_span_that_is_none_is_named_and_the_rest_goes_on(tmp_path, cell):
    path = write(tmp_path, f"text,label,label_span\nja,yes,{cell}\nnein,no,0.1-1\nhm,no,\n")
    rows, problems = read_manifest(path)
    assert [(problem.line, problem.note.key) for problem in problems] == [(2, "manifest.label_span")]
    assert list(rows["line"]) == [3, 4]


def test_a_belief_that_is_nested_without_end_is_named(tmp_path):
    path = write(tmp_path, f"text,label,belief\nja,yes,{'[' * 100_000}\nnein,no,\n")
    assert [problem.note.key for problem in read_manifest(path)[1]] == ["manifest.belief"]


def test_pictures_in_files_that_lie_cost_their_own_rows_only(tmp_path, pictures):
    np.savez(tmp_path / "good.npz", images=np.zeros((2, 4, 4), np.uint8))
    np.savez(tmp_path / "objects.npz", images=np.array([None], object))
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "cut.idx").write_bytes(b"\0\0\x08\x03\0\0")
    names = ["empty.npz#0", "objects.npz#0", "cut.idx#0", "/dev/zero#0", "good.npz#9", "good.npz#1"]
    path = write(tmp_path, "image,label\n" + "".join(f"{name},yes\n" for name in names))
    rows, problems = read_manifest(path)
    assert list(rows["line"]) == [7]
    for name, problem in zip(names, problems, strict=False):
        assert name.split("#")[0] in str(problem)


def test_nul_bytes_are_dropped_and_other_encodings_are_named(tmp_path):
    assert len(read_manifest(write(tmp_path, "text,label\nj\0a,yes\n\0\nnein,no\n"))[0]) == 2
    for encoding in ("utf-16", "utf-32"):
        (tmp_path / "other.csv").write_bytes("text,label\né,yes\n".encode(encoding))
        with pytest.raises(InputError, match=r"other\.csv"):
            read_manifest(tmp_path / "other.csv")


def test_lists_in_a_parquet_file_are_words(tmp_path):
    pd.DataFrame({"text": [[1, 2], [3, 4]], "label": ["a", "b"]}).to_parquet(tmp_path / "lists.parquet")
    assert list(read_inputs(tmp_path / "lists.parquet")[0]["text"]) == ["[1 2]", "[3 4]"]
