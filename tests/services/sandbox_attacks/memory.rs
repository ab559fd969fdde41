// attack: Takes memory until there is none.
// needs: memory=tree
// ends: memory|program
fn main() {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    while kept.len() < 90 {
        kept.push(vec![1u8; 10_000_000]);
    }
    println!("ESCAPED with {} parts", kept.len());
}
