from tests.unit.knowledge.workbench import bench, rules_copy

__all__ = ["bench", "rules_copy"]
