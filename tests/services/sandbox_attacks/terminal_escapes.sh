# attack: Says what would move a terminal's cursor or set its title; it must come back as data.
# needs: time=limited
printf '\033]0;owned\007\033[2J\0\r'
echo tried
