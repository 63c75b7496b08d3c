#include "agent/decode/cgroup_path.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::agent {
namespace {

constexpr char kId[] = "4f9b1a7c0d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e";

// Both drivers' spellings lead to the directory that the OCI runtime makes of them.
TEST(CgroupPathTest, FindsTheDirectoryOfBothDrivers) {
  struct Case {
    std::string cgroups_path;
    std::string directory;
  };
  for (const Case& c : {
           Case{"/kubepods/besteffort/pod1/abc", "/kubepods/besteffort/pod1/abc"},
           Case{"/node-1/kubepods/pod1/abc", "/node-1/kubepods/pod1/abc"},
           Case{"kubepods-burstable-pod1.slice:cri-containerd:abc",
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
                "cri-containerd-abc.scope"},
           Case{"kubepods-pod1.slice:crio:abc", "/kubepods.slice/kubepods-pod1.slice/crio-abc.scope"},
           Case{":docker:abc", "/system.slice/docker-abc.scope"},
           Case{"-.slice:x:abc", "/x-abc.scope"},
       }) {
    const auto directory = CgroupDirectory(c.cgroups_path);
    ASSERT_TRUE(directory.ok()) << c.cgroups_path << ": " << directory.status();
    EXPECT_EQ(*directory, c.directory);
  }
}

// A path that would lead out of the hierarchy, or is no cgroupsPath at all, is refused.
TEST(CgroupPathTest, RefusesPathsThatAreNone) {
  for (const std::string& path :
       {std::string(), std::string("relative/path"), std::string("/a/../../etc"),
        std::string("a/b.slice:x:abc"), std::string("a.slice:x/..:abc"), std::string("a.slice:x:../abc"),
        std::string("noslice:x:abc"), std::string("/a\0b", 4), std::string("a.slice:x:")}) {
    EXPECT_FALSE(CgroupDirectory(path).ok()) << path;
  }
}

// The verbose information gives the cgroupsPath and the pid of the container, not those of anything nested.
TEST(CgroupPathTest, ReadsTheRuntimesVerboseInformation) {
  const auto info = DecodeRuntimeContainerInfo(
      R"({"sandboxID":"s","pid":4711,"config":{"pid":1,"linux":{"cgroupsPath":"/wrong"}},
          "runtimeSpec":{"process":{"args":["a",{"pid":2}]},"hooks":[],
                         "linux":{"resources":{"cpu":{"shares":2}},"cgroupsPath":"/kubepods/pod1/abc"},
                         "cgroupsPath":"/wrong"}})");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->cgroups_path, "/kubepods/pod1/abc");
  EXPECT_EQ(info->pid, 4711U);

  const auto empty = DecodeRuntimeContainerInfo(R"({"pid":0})");
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->cgroups_path, std::nullopt);
  EXPECT_EQ(empty->pid, std::nullopt);
}

// No document, however broken, deep or large, does more than fail.
TEST(CgroupPathTest, RefusesHostileInformation) {
  EXPECT_FALSE(DecodeRuntimeContainerInfo("").ok());
  EXPECT_FALSE(DecodeRuntimeContainerInfo("{").ok());
  EXPECT_FALSE(DecodeRuntimeContainerInfo("{\"pid\":}").ok());
  EXPECT_FALSE(DecodeRuntimeContainerInfo(std::string(100000, '[')).ok());
  EXPECT_FALSE(DecodeRuntimeContainerInfo("\"" + std::string(2 << 20, 'x') + "\"").ok());
  EXPECT_TRUE(DecodeRuntimeContainerInfo("{\"" + std::string(1000, 'k') + "\":{\"pid\":1}}").ok());
}

// A killed process's control group names its container under either driver; other groups name none.
TEST(CgroupPathTest, FindsTheContainerOfACgroup) {
  EXPECT_EQ(ContainerIdOfCgroup(std::string("/kubepods/pod1/") + kId), kId);
  EXPECT_EQ(ContainerIdOfCgroup(std::string("/k.slice/cri-containerd-") + kId + ".scope"), kId);
  EXPECT_EQ(ContainerIdOfCgroup("/system.slice/ssh.service"), std::nullopt);
  EXPECT_EQ(ContainerIdOfCgroup(std::string("/") + std::string(64, 'z')), std::nullopt);
  EXPECT_EQ(ContainerIdOfCgroup(""), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::agent
