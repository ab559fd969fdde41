// attack: Takes memory inside of Node's heap.
// needs: memory=tree
// ends: memory|program
const kept = [];
for (let round = 0; round < 10; round++) kept.push(new Array(10_000_000).fill(round + 0.5));
console.log("ESCAPED with 800 MB");
