# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract suite: rows that verify the behavior of Elasticsearch's inference API on which the collection relies.

`rows` contains the rows, one test function each. `suite` contains the tests of the suite itself. The reference is
`docs/contributing/elasticsearch.md`.
"""
