from django import template

from portal.accounts.devices import describe

register = template.Library()
register.filter("device", describe)
