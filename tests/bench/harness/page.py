"""RESULTS.md: the tables of the last whole run, tables of groups that were measured by themselves since, and below them
what people have written, which stays."""

WRITTEN_BY_HAND = "## What binds"


def split(text):
    """The text before the first heading, then one text for each heading of the second level."""
    parts = [[]]
    for line in text.splitlines():
        if line.startswith("## "):
            parts.append([])
        parts[-1].append(line)
    return ["\n".join(part).strip() for part in parts]


def write(path, text):
    """All tables are new."""
    old = path.read_text("utf-8") if path.exists() else ""
    by_hand = old[old.index(WRITTEN_BY_HAND) :] if WRITTEN_BY_HAND in old else ""
    path.write_text(text + ("\n" + by_hand if by_hand else ""), "utf-8")


def write_groups(path, sections):
    """These tables are new, by their headings; the others stay as they are."""
    before, *old = split(path.read_text("utf-8"))
    by_hand = next((i for i, part in enumerate(old) if part.startswith(WRITTEN_BY_HAND)), len(old))
    tables = {part.splitlines()[0]: part for part in old[:by_hand]} | {part.splitlines()[0]: part for part in sections}
    path.write_text("\n\n".join([before, *tables.values(), *old[by_hand:]]) + "\n", "utf-8")
