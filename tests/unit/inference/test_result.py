"""What a result is called."""

from dataclasses import replace

from made_up import made_reading


def test_a_file_is_named_after_task_and_answer_whatever_they_are_called():
    result = made_reading()[0]
    assert result.file_name == f"mmdemo-{result.task}-{result.label}"
    odd = replace(result, task="my pets", labels=["../cat?"] * len(result.labels))
    assert odd.file_name == "mmdemo-my_pets-_cat_"
