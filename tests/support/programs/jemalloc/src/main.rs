//! Writes the heap after each of twelve rounds, as jemalloc dumps it into `heap_v2` and as pprof into `pprof`.

mod store;

use std::io::Read;

#[global_allocator]
static ALLOC: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[allow(non_upper_case_globals)]
#[export_name = "malloc_conf"]
pub static malloc_conf: &[u8] = b"prof:true,prof_active:true,lg_prof_sample:14\0";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut shop = store::Shop::default();
    for _ in 0..100_000 {
        shop.look();
    }
    for round in 0..12 {
        for i in 0..1000 {
            shop.login(round * 1000 + i);
            shop.record();
            for _ in 0..5 {
                shop.look();
            }
        }
        let mut control = jemalloc_pprof::PROF_CTL.as_ref().unwrap().lock().await;
        let mut text = Vec::new();
        control.dump().unwrap().read_to_end(&mut text).unwrap();
        std::fs::write(format!("heap_v2/shop.{round:02}.heap"), text).unwrap();
        std::fs::write(format!("pprof/{round:02}.pb.gz"), control.dump_pprof().unwrap()).unwrap();
    }
}
