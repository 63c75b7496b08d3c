#pragma once

#include "evenkeel/v1/report.pb.h"

// What is worth a message. States and identities always are. Gauges that waver are only when they have moved
// away from what was last *sent* by more than noise: so a quiet node sends nothing, and no error builds up
// however slowly a gauge creeps. A gauge that appears or vanishes always counts.
namespace evenkeel::agent {

// `now` is farther from `sent` than both `floor` and `share` * sent.
bool Moved(double now, double sent, double floor, double share);

// CPU 2 % of the machine and 5 % of what was sent; load 0.5 and 20 %.
bool WorthSending(const v1::NodeCpu& now, const v1::NodeCpu& sent);
// 1 % of all memory.
bool WorthSending(const v1::NodeMemory& now, const v1::NodeMemory& sent);
// 5 percentage points and 20 % of what was sent.
bool WorthSending(const v1::Pressure& now, const v1::Pressure& sent);
// 1 % of its size or inodes; read-only at once.
bool WorthSending(const v1::FilesystemUsage& now, const v1::FilesystemUsage& sent);
// A state or its reason. How long the reading took is not news.
bool WorthSending(const v1::PartHealth& now, const v1::PartHealth& sent);
// CPU 10 m and 5 %; throttling 5 percentage points; memory 1 MiB and 5 %.
bool WorthSending(const v1::ContainerReport& now, const v1::ContainerReport& sent);
bool WorthSending(const v1::PodReport& now, const v1::PodReport& sent);

// So many readings that follow a move of a closely sampled pod's CPU are told even where nothing moves any
// more: that the new figure holds is what its workload's planner waits for, and silence tells it later.
inline constexpr int kToldAgain = 2;
// The CPU of one of its containers has moved by so much that a pod that is not closely sampled is told of, or
// they are others.
bool CpuMoved(const v1::PodReport& now, const v1::PodReport& sent);
// One of its containers has ended or was started, or has lost a process for want of memory, or its sandbox
// has changed.
bool LivesMoved(const v1::PodReport& now, const v1::PodReport& sent);

// Of a container by whose CPU its workload is scaled: besides, CPU 1 m and 1 %, throttling 1 percentage
// point.
bool WorthSendingClosely(const v1::ContainerReport& now, const v1::ContainerReport& sent);
bool WorthSendingClosely(const v1::PodReport& now, const v1::PodReport& sent);

}  // namespace evenkeel::agent
