"""Leave what you did not read.

A skill has found the sum in a question. May it answer? Write `is_whole(question, found, polite)`: true if, without the
sum and without the words in `polite`, no word of the question is left. Capitals make no difference, and neither do
question marks, commas and full stops.
"""

import re

from janus_book.exercise import Hint


# %% answer
def is_whole(question, found, polite):
    ### BEGIN SOLUTION
    left = question.replace(found, " ", 1)
    return not set(re.findall(r"\w+", left.lower())) - set(polite)
    ### END SOLUTION


# %% check
def check(is_whole):
    polite = {"what", "is", "please"}

    def asked(question, found="7 ** 90"):
        answer = is_whole(question, found, polite)
        if answer is None or answer is ...:
            raise Hint("Your function returns nothing yet. Take the sum out of the question: which words are left?")
        return bool(answer)

    if not asked("what is 7 ** 90"):
        raise Hint("In 'what is 7 ** 90' nothing is left but polite words: this question is read whole.")
    if asked("what are the last two digits of 7 ** 90"):
        raise Hint("'the last two digits' is left over. Answering with 7 ** 90 would be wrong.")
    if not asked("What is 7 ** 90"):
        raise Hint("'What' with a capital is polite as well.")
    if not asked("what is 7 ** 90?"):
        raise Hint("A question mark is not a word.")
    if not asked("please, what is 7 ** 90?"):
        raise Hint("'please,' is the word please with a comma behind it.")
    if not asked("7 ** 90"):
        raise Hint("A question may be nothing but the sum.")
    if asked("what is 7 ** 90 whatever"):
        raise Hint("'whatever' is not polite, although it begins with 'what': compare whole words.")
    if asked("what is 8 + 1 and 8 + 1", "8 + 1"):
        raise Hint("In 'what is 8 + 1 and 8 + 1' something is left: the word 'and', and a second sum.")
    if asked("what is 12 + 30 % 7 of it", "12 + 30 % 7"):
        raise Hint("'of it' is left over, however short these words are.")
    if asked("what is 12 + 30 kilograms", "12 + 30"):
        raise Hint("'kilograms' stands behind the sum. Words there count as well.")
    if asked("what is 5 + 5, please, 2031", "5 + 5"):
        raise Hint("2031 is a number that the sum does not hold: it is left over too.")
    if polite != {"what", "is", "please"}:
        raise Hint("Your function has changed the set of polite words, which is not its own.")
    return "Only what was read whole is answered."


# %% mistakes
MISTAKES = {
    "def is_whole(question, found, polite):\n    return question == found": "read whole",
    "def is_whole(question, found, polite):\n    return True": "is left over. Answering",
    """def is_whole(question, found, polite):
    return all(word in polite for word in question.replace(found, '').split())
""": "with a capital",
    """def is_whole(question, found, polite):
    return all(word in polite for word in question.lower().replace(found, '').split())
""": "A question mark is not a word",
    """def is_whole(question, found, polite):
    left = question.lower().replace(found, '').strip(' ?')
    return all(word in polite for word in left.split())
""": "with a comma",
    """def is_whole(question, found, polite):
    left = re.findall(r'\\w+', question.lower().replace(found, ''))
    return bool(left) and all(word in polite for word in left)
""": "nothing but the sum",
    """def is_whole(question, found, polite):
    left = re.findall(r'\\w+', question.lower().replace(found, ''))
    return all(any(word.startswith(one) for one in polite) for word in left)
""": "compare whole words",
    """def is_whole(question, found, polite):
    left = re.findall(r'[a-z]+', question.lower().replace(found, ''))
    return all(word in polite or word in ('and',) for word in left)
""": "something is left",
    """def is_whole(question, found, polite):
    left = re.findall(r'\\w+', question.lower().replace(found, ''))
    return all(word in polite or len(word) < 3 for word in left)
""": "however short",
    """def is_whole(question, found, polite):
    left = re.findall(r'\\w+', question.lower().split(found)[0])
    return all(word in polite for word in left)
""": "whatever",
    """def is_whole(question, found, polite):
    left = re.findall(r'[a-z]+', question.lower().replace(found, '', 1))
    return all(word in polite for word in left)
""": "left over too",
    """def is_whole(question, found, polite):
    polite |= {'and', 'kilo'}
    left = question.replace(found, ' ', 1)
    return not set(re.findall(r'\\w+', left.lower())) - {'what', 'is', 'please'}
""": "changed the set",
}
