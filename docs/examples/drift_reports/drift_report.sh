#!/bin/sh
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

cd /srv/inference || exit 1
ansible-playbook -i inventory.yml esops.inference.anthropic_report \
  -e anthropic_report_directory=/srv/www/drift \
  -e anthropic_report_fail_on_drift=true >report.log 2>&1 ||
  mail -s "Inference endpoints have drifted" team@example.com <report.log
