# attack: Doubles a string until there is no memory.
# needs: memory=tree
# ends: memory|program
LC_ALL=C
printf -v text '%*s' 30000000 x
for _ in $(seq 6); do text=$text$text; done
echo "ESCAPED with ${#text} bytes"
