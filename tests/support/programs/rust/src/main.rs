#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn keep(kept: &mut Vec<Vec<u8>>) {
    kept.push(vec![1u8; 1000]); // leaks
}

fn churn() -> usize {
    let all = vec![2u8; 500_000]; // churns
    std::hint::black_box(all).len()
}

fn main() {
    let profiler = dhat::Profiler::builder().file_name(std::env::args().nth(1).unwrap()).build();
    let mut kept = Vec::with_capacity(100);
    for _ in 0..100 {
        keep(&mut kept); // calls keep
    }
    churn();
    drop(profiler);
    std::hint::black_box(kept);
}
