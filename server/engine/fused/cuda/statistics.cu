// The sums of every channel's values and of their squares. From each value that of one reference pixel (`one`) is taken
// first, for otherwise squares would lose the digits of a variance that is small compared to the mean. A block of 256 threads
// sums its share of the pixels: result[block][channel] = (sum of values, sum of squares).
template <int N>
__device__ __forceinline__ void sums(
    const T* source, const T* one, Index pixels, int channels, float2* result
) {
    __shared__ float2 shared[256 * N];
    int packs = channels / N, together = min(packs, 256), rows = 256 / together;
    int lane = threadIdx.x % together, row = threadIdx.x / together, pack = blockIdx.y * together + lane;
    bool works = row < rows && pack < packs;
    float first[N], values[N], squares[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
        first[i] = works ? wide(one[pack * N + i]) : 0.0f;
        values[i] = squares[i] = 0.0f;
    }
    if (works) {
        Index pixel = (Index)blockIdx.x * rows + row, step = (Index)gridDim.x * rows;
        const Pack<N>* packed = reinterpret_cast<const Pack<N>*>(source) + pixel * packs + pack;
#pragma unroll 4
        for (; pixel < pixels; pixel += step, packed += step * packs) {
            Pack<N> read = *packed;
#pragma unroll
            for (int i = 0; i < N; i++) {
                float x = wide(read.values[i]) - first[i];
                values[i] += x;
                squares[i] += x * x;
            }
        }
    }
#pragma unroll
    for (int i = 0; i < N; i++) shared[threadIdx.x * N + i] = make_float2(values[i], squares[i]);
    __syncthreads();
    if (row != 0 || !works) return;
#pragma unroll
    for (int i = 0; i < N; i++) {
        float2 sum = make_float2(0.0f, 0.0f);
        for (int other = 0; other < rows; other++) {
            float2 part = shared[(other * together + lane) * N + i];
            sum.x += part.x;
            sum.y += part.y;
        }
        result[(Index)blockIdx.x * channels + pack * N + i] = sum;
    }
}

extern "C" __global__ void sums_wide(
    const T* source, const T* one, Index pixels, int channels, float2* result
) {
    sums<WIDE>(source, one, pixels, channels, result);
}

extern "C" __global__ void sums_narrow(
    const T* source, const T* one, Index pixels, int channels, float2* result
) {
    sums<1>(source, one, pixels, channels, result);
}

// From the blocks' sums to what normalises, x * factor + offset. One block of 128 threads for each channel.
extern "C" __global__ void statistics(
    const T* one, const float2* sums, int blocks, Index pixels, int channels, const float* scale,
    const float* shift, float epsilon, float* factor, float* offset
) {
    __shared__ double values[128], squares[128];
    int channel = blockIdx.x, thread = threadIdx.x;
    double value = 0.0, square = 0.0;
    for (int block = thread; block < blocks; block += 128) {
        float2 sum = sums[(Index)block * channels + channel];
        value += sum.x;
        square += sum.y;
    }
    values[thread] = value;
    squares[thread] = square;
    for (int half = 64; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) {
            values[thread] += values[thread + half];
            squares[thread] += squares[thread + half];
        }
    }
    if (thread != 0) return;
    double away = values[0] / pixels, variance = squares[0] / pixels - away * away;
    double by = scale[channel] / sqrt(max(variance, 0.0) + (double)epsilon);
    factor[channel] = (float)by;
    offset[channel] = (float)(shift[channel] - (wide(one[channel]) + away) * by);
}
