"""Proves that the rooms keep to their walls, and that the check would notice if one did not."""
import unittest

import walls


class Walls(unittest.TestCase):
    def test_the_tree_keeps_its_walls(self):
        found = walls.breaches(walls.our_files())
        self.assertEqual([], found, "\n" + "\n".join(f"{p} includes {i}: {w}" for p, i, w in found))

    def test_a_clock_in_the_core_is_noticed(self):
        self.assertTrue(walls.breaches({"coordinator/core/a.cc": "#include <chrono>\n"}))
        self.assertTrue(walls.breaches({"agent/decode/a.h": '#include "absl/time/clock.h"\n'}))

    def test_a_pure_part_of_another_room_is_held_to_it(self):
        self.assertTrue(walls.breaches({"coordinator/usage/usage_book.cc": "#include <thread>\n"}))
        self.assertFalse(walls.breaches({"coordinator/usage/usage_reports.cc": "#include <thread>\n"}))

    def test_a_library_outside_its_room_is_noticed(self):
        self.assertTrue(walls.breaches({"coordinator/serve/a.cc": "#include <rocksdb/db.h>\n"}))
        self.assertFalse(walls.breaches({"coordinator/store/a.cc": "#include <rocksdb/db.h>\n"}))
        self.assertTrue(walls.breaches({"common/kube/a.cc": "#include <curl/curl.h>\n"}))

    def test_a_dependency_that_points_outwards_is_noticed(self):
        self.assertTrue(walls.breaches({"coordinator/core/a.h": '#include "coordinator/store/state_store.h"\n'}))
        self.assertTrue(walls.breaches({"common/base/a.h": '#include "agent/core/rates.h"\n'}))
        self.assertTrue(walls.breaches({"cli/a.cc": '#include "coordinator/core/ids.h"\n'}))
        self.assertFalse(walls.breaches({"coordinator/store/a.h": '#include "coordinator/core/ids.h"\n'}))


if __name__ == "__main__":
    unittest.main()
