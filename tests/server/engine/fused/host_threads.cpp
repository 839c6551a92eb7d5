// Enough of CUDA's language to run a kernel on the processor: one block after the other, a thread for each of its own.
// The kernels stand between this and the end of the file, which the test puts the_threads.

#include <algorithm>
#include <barrier>
#include <cmath>
#include <thread>
#include <vector>

using std::max;
using std::min;

#define __device__
#define __forceinline__ inline
#define __global__
#define __shared__ static
#define __align__(bytes) alignas(bytes)

struct Place {
    int x, y, z;
};

thread_local Place threadIdx, blockIdx;
Place gridDim;
std::barrier<>* the_threads;

#define __syncthreads() the_threads->arrive_and_wait()

template <class Work> void on_threads(int count, int across, int down, Work work) {
    std::barrier<> barrier(count);
    the_threads = &barrier;
    gridDim = {across, down, 1};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < count; thread++)
        threads.emplace_back([=] {
            threadIdx = {thread, 0, 0};
            for (int block = 0; block < across * down; block++) {
                blockIdx = {block % across, block / across, 0};
                work();
                the_threads->arrive_and_wait();
            }
        });
    for (std::thread& thread : threads) thread.join();
}
