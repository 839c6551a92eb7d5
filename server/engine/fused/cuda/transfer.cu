// Pictures on their way from the caller's layout to the network's values and back.

// From the caller's planes (one channel after the other) to channels last. Receiving a picture resets the mark that an
// earlier one left for values that are not finite.
extern "C" __global__ void receive_planes(const float* planes, T* out, Index pixels, int channels, int* is_wrong) {
    Index place = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (place == 0) *is_wrong = 0;
    if (place >= pixels * channels) return;
    out[place] = narrow(planes[place % channels * pixels + place / channels]);
}

// From 8-bit samples, `samples` for each pixel, of which three are red, green and blue, to values from -1 to 1. Every
// rounding step is the same as on the CPU, so that both see the same values.
extern "C" __global__ void receive_bytes(
    const unsigned char* bytes, T* out, Index pixels, int samples, int red, int green, int blue, int* is_wrong
) {
    Index pixel = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel == 0) *is_wrong = 0;
    if (pixel >= pixels) return;
    int places[3] = {red, green, blue};
#pragma unroll
    for (int i = 0; i < 3; i++) {
        float share = __fdiv_rn((float)bytes[pixel * samples + places[i]], 255.0f);
        out[pixel * 3 + i] = narrow(__fadd_rn(__fmul_rn(share, 2.0f), -1.0f));
    }
}

// A value of the result, after the norm and activation that were left to do; marks values that are not finite.
__device__ __forceinline__ float last(
    const View& source, const float* factor, const float* offset, int activation, float slope, Index pixel, int width,
    int channels, int channel, int* is_wrong
) {
    float x = loaded<1>(source, pixel / width, pixel % width, channels, channel).values[0];
    if (factor) x = x * factor[channel] + offset[channel];
    x = activated(x, activation, slope);
    if (!isfinite(x)) *is_wrong = 1;
    return x;
}

// From the result to the caller's planes.
extern "C" __global__ void deliver_planes(
    const View source, const float* factor, const float* offset, int activation, float slope, float* planes,
    Index pixels, int width, int channels, int* is_wrong
) {
    Index place = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= pixels * channels) return;
    int channel = (int)(place / pixels);
    planes[place] =
        last(source, factor, offset, activation, slope, place % pixels, width, channels, channel, is_wrong);
}

// From the result to 8-bit samples, halves rounded up.
extern "C" __global__ void deliver_bytes(
    const View source, const float* factor, const float* offset, int activation, float slope, unsigned char* bytes,
    Index pixels, int width, int channels, int* is_wrong, int samples, int red, int green, int blue
) {
    Index place = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= pixels * channels) return;
    int channel = (int)(place % channels);
    float x = last(source, factor, offset, activation, slope, place / channels, width, channels, channel, is_wrong);
    x = __fdiv_rn(__fadd_rn(fminf(fmaxf(x, -1.0f), 1.0f), 1.0f), 2.0f);
    int sample = channel == 0 ? red : channel == 1 ? green : blue;
    bytes[place / channels * samples + sample] = (unsigned char)floorf(__fadd_rn(__fmul_rn(x, 255.0f), 0.5f));
}
