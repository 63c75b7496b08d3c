// The two sides of a switch. Traffic goes from blue to green, whatever the clusters are called.
#pragma once

namespace evenkeel::coordinator {

enum class Side { kBlue, kGreen };

inline constexpr Side kSides[] = {Side::kBlue, Side::kGreen};

inline constexpr Side Other(Side side) {
  return side == Side::kBlue ? Side::kGreen : Side::kBlue;
}

// "blue", "green".
inline constexpr const char* Word(Side side) {
  return side == Side::kBlue ? "blue" : "green";
}

}  // namespace evenkeel::coordinator
