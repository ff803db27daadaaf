// Nothing: the precompiled header of the tests is built beside this file (cmake/SpillwayTest.cmake).
