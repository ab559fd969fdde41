# attack: Takes memory in one process.
# needs: memory=tree
# ends: memory|program
kept = []
try:
    while True:
        kept.append(bytearray(b"x") * 10_000_000)
        if len(kept) > 60:
            print("ESCAPED with 600 MB")
            break
except MemoryError:
    pass
