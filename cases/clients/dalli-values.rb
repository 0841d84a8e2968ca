# dalli stores, gets, adds, replaces, appends and deletes values, raw and marshalled
require 'dalli'

client = Dalli::Client.new(ENV['SERVER'], namespace: nil)
['text', 12345, [1, 'two'], nil].each do |value|
  client.set('ns__k', value) or exit 1
  client.get('ns__k') == value or exit 2
end
client.get('ns__none').nil? or exit 3
client.add('ns__new', '1', 3600, raw: true) && !client.add('ns__new', '2') or exit 4
client.replace('ns__new', '3', 3600, raw: true) or exit 5
client.replace('ns__none', '4')
client.append('ns__new', 'after') && client.prepend('ns__new', 'before') or exit 6
client.get('ns__new', raw: true) == 'before3after' or exit 7
client.delete('ns__new') && !client.delete('ns__new') or exit 8
client.close
