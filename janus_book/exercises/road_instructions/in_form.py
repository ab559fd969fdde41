"""Turn data into the form that was asked for.

A model has filled in the fields, and now a program writes them down. Write `in_form(fields, form)`: for the form
`"json"` the fields as JSON, for `"csv"` the values in one line with commas between them, for any other form nothing,
which is `None`: then another skill may try.
"""

import json

from janus_book.exercise import Hint


# %% answer
def in_form(fields, form):
    ### BEGIN SOLUTION
    if form == "json":
        return json.dumps(fields)
    if form == "csv":
        return ",".join(str(value) for value in fields.values())
    return None
    ### END SOLUTION


# %% check
def check(in_form):
    fields = {"name": "Olga", "city": "Graz", "year": 1999, "member": None}
    found = in_form(fields, "json")
    if found is None or found is ...:
        raise Hint("Your function returns nothing for json yet. Which function of the module json gives a text?")
    if not isinstance(found, str):
        raise Hint(f"What goes back to the caller is text, and yours is {type(found).__name__}.")
    try:
        read = json.loads(found)
    except ValueError:
        raise Hint(f"{found} is how Python writes it; JSON has double quotes and null.") from None
    if read != fields:
        raise Hint(f"Read back as JSON, your text is {read!r}, and the fields are {fields!r}.")
    line = in_form({"name": "Olga", "city": "Graz"}, "csv")
    if line is None:
        raise Hint("Nothing comes back for csv yet.")
    if not isinstance(line, str):
        raise Hint(f"A line of CSV is text, and yours is {type(line).__name__}.")
    if "name" in line:
        raise Hint(f"The line is {line!r}: only the values belong into it, not the names of the fields.")
    if line.strip() != line:
        raise Hint(f"{line!r} has something at its end that nobody asked for.")
    if line != "Olga,Graz":
        raise Hint(f"The line for Olga in Graz is Olga,Graz, and yours is {line!r}.")
    if in_form({"city": "Graz", "name": "Olga"}, "csv") != "Graz,Olga":
        raise Hint("The order of the fields is the order of the line: do not sort them.")
    try:
        numbers = in_form({"year": 1999, "age": 27}, "csv")
    except TypeError:
        raise Hint("A value may be a number, and a number has to become text before it is joined.") from None
    if numbers != "1999,27":
        raise Hint(f"The years 1999 and 27 give 1999,27, and yours is {numbers!r}.")
    if in_form(fields, "poem") is not None:
        raise Hint("A form that you do not know is for another skill: return None.")
    return "Olga, in two forms."


# %% mistakes
MISTAKES = {
    "def in_form(fields, form):\n    return fields": "What goes back to the caller is text",
    "def in_form(fields, form):\n    return str(fields)": "how Python writes it",
    "def in_form(fields, form):\n    return json.dumps(list(fields.values()))": "Read back as JSON",
    "def in_form(fields, form):\n    return json.dumps(fields) if form == 'json' else None": "for csv yet",
    """def in_form(fields, form):
    return json.dumps(fields) if form == 'json' else list(fields.values())
""": "A line of CSV is text",
    """def in_form(fields, form):
    return json.dumps(fields)
""": "only the values belong",
    """def in_form(fields, form):
    return json.dumps(fields) if form == 'json' else ','.join(map(str, fields.values())) + '\\n'
""": "something at its end",
    """def in_form(fields, form):
    return json.dumps(fields) if form == 'json' else ', '.join(map(str, fields.values()))
""": "is Olga,Graz",
    """def in_form(fields, form):
    names = sorted(fields, reverse=True)
    return json.dumps(fields) if form == 'json' else ','.join(str(fields[name]) for name in names)
""": "do not sort them",
    """def in_form(fields, form):
    return json.dumps(fields) if form == 'json' else ','.join(fields.values())
""": "has to become text",
    """def in_form(fields, form):
    return json.dumps(fields) if form == 'json' else ','.join(map(str, fields.values()))
""": "return None",
}
