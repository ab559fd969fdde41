// attack: Takes memory outside of the heap that Node itself bounds.
// needs: memory=tree
// ends: memory|program
const kept = [];
for (let taken = 0; taken < 900; taken += 10) kept.push(Buffer.alloc(10_000_000, 1));
console.log("ESCAPED with 900 MB");
