"""The recipes by which tasks are trained."""

from mmdemo.train.recipes import RECIPES


def test_the_textbook_recipe_is_the_textbooks():
    textbook = RECIPES["textbook"]
    assert (textbook.batch_size, textbook.learning_rate, textbook.epochs) == (32, 1e-3, 10)
    assert textbook.weight_decay == 0 and not textbook.one_cycle
